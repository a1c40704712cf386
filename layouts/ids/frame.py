"""Ids of what surrounds every page."""

from __future__ import annotations

from enum import StrEnum


class FrameId(StrEnum):
    """The frame: navigation, top bar, jobs, toasts."""

    LOCATION = "_pages_location"  # these four: Dash's own router
    CONTENT = "_pages_content"
    PAGE_TITLE = "_pages_store"
    PAGE_TITLE_SET = "_pages_dummy"
    NAV = "frame-nav"
    NAV_COLLAPSE = "frame-nav-collapse"
    NAV_COLLAPSED = "frame-nav-collapsed"
    NAV_OPEN = "frame-nav-open"
    NAV_BACKDROP = "frame-nav-backdrop"
    THEME = "frame-theme"
    THEME_TOGGLE = "frame-theme-toggle"
    JOBS_BUTTON = "frame-jobs-button"
    JOBS_COUNT = "frame-jobs-count"
    JOBS_LIST = "frame-jobs-list"
    JOBS_INTERVAL = "frame-jobs-interval"
    JOBS = "frame-jobs"
    CANCEL_JOB = "frame-cancel-job"
    BANNER = "frame-banner"
    TOAST_FEED = "frame-toast-feed"
    TOASTS = "frame-toasts"
    SIGN_OUT = "frame-sign-out"
