"""The pages of the policy register."""
