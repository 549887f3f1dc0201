"""Pages of rules, rulings, simulations, load and duty."""
