"""What a removal costs: Spentkey, the bare requests, and what people use today, side by side on one simulator."""
