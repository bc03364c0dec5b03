"""The proof: thousands of messages through real processes while everything fails, and an audit by the other side."""
