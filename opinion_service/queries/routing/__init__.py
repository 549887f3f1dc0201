"""Rules, rulings, simulations, models, load and duty."""
