-- Mail whose sender wants to be told where nobody answers it: it stays where it is until then, and is put into the Inbox at its time unless
-- its conversation has something newer from elsewhere. "folder" and "resting" are both where it is.
ALTER TABLE snooze ADD COLUMN is_reminder boolean NOT NULL DEFAULT false;
