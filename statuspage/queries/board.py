"""How far the telling has come: figures for the delivery board."""
