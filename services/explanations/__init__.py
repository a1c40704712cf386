"""Explanations of what classifiers look at: asked for, worked out by jobs, kept."""
