"""The stages of the ETL, one thin module each: read, compute, write."""
