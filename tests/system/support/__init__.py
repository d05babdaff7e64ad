"""What the system tests drive Pettrack with: real servers, real programs, clients that share no code with it."""
