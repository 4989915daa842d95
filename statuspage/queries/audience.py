"""Who hears of a publication."""
