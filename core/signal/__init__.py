"""Spectra, envelopes, bearing kinematics, decimation, resampling, quality."""
