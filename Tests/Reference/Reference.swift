// The naive implementations: plain loops that anyone can check by eye. They are the specification.
