"""What components agree on: names, labels, endpoint records, who talks to whom, who reads which secret."""
