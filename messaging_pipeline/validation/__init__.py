"""What is wrong with something that somebody wrote, in sentences of ours that name the place and the cure."""
