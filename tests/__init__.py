"""Tests, in folders that mirror the package; the shared helpers are imported from here."""
