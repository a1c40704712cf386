"""Entering a bearing from the signal viewer: found by name at once, with lines at its orders."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import keep_screenshot, settle
from tests.e2e.viewer import open_recording

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# By keyboard: Tab leads from one field to the next.
FORM = ("Mill 22/7", "Works", "10", "10", "50", "0", "drawing 4711")


def test_a_bearing_is_entered_by_keyboard_used_and_deleted(page: Page) -> None:
    open_recording(page, "CWRU", "IR007_0")
    opener = page.get_by_role("button", name="Bearings and their sources")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog").filter(has=page.get_by_role("heading", name="Bearings", exact=True))
    expect(dialog.get_by_role("region", name="Bearings of the catalogue")).to_contain_text("6205-2RS")
    dialog.get_by_label("Designation").focus()
    for text in FORM:
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the next stop is "Save"
    entered = dialog.get_by_role("region", name="Entered bearings")
    expect(entered).to_contain_text("4.0000")  # 10 / 2 x (1 - 10 / 50)
    expect(entered).to_contain_text("drawing 4711")
    expect(dialog.get_by_label("Designation")).to_have_value("")
    settle(page)
    keep_screenshot(page, "viewer-bearings")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_label("Bearing", exact=True).select_option("Mill 22/7")
    row = page.get_by_role("row").filter(has_text=re.compile(r"^BPFO\s*4\.000"))
    expect(row).to_be_visible()
    page.get_by_label("Bearing", exact=True).select_option("recorded")
    opener.click()
    dialog.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog").filter(has_text="Mill 22/7 is deleted")
    question.get_by_role("button", name="Delete").click()
    expect(entered).to_be_hidden()
