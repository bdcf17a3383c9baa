"""The synthetic demo: a static STAC catalogue of made-up towns whose look-alikes are known."""
