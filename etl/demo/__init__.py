"""The synthetic demo: a static STAC catalogue of made-up towns with known matches."""
