"""The task ledger, locks and the loop over cities."""
