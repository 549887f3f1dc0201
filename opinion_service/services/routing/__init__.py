"""Who answers: rules and their releases, models, returns and rulings, duty."""
