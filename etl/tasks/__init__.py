"""The task ledger, locks, the loop over cities, and work on several cores."""
