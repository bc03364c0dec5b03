"""What people mean who write to us: keywords, wishes in their own words, and the service they wrote to."""
