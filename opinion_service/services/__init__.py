"""The write side: one public function is one transaction."""
