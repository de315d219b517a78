"""Steps: functions of values. No I/O, no clock, no log, no globals that change."""
