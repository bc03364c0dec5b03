"""What a message is: numbers, segments, statuses and their ladder; nothing here touches a server."""
