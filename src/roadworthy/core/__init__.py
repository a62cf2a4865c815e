"""Pure: values and judgements. No I/O, no clock."""
