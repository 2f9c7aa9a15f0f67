-- What a message costs that passes through the queue.
--
-- Its bytes stand in their row as long as they fit into a page: beside it they cost two more tables' worth of rows. Larger ones go
-- beside it, as before.
ALTER TABLE queue_body SET (toast_tuple_target = 8160);
-- Checked again for every row by text that is parsed anew each time. Who writes here (storage/queue) has no other values.
ALTER TABLE queue_message DROP CONSTRAINT queue_message_priority_check;
ALTER TABLE queue_recipient DROP CONSTRAINT queue_recipient_state_check;
ALTER TABLE queue_recipient DROP CONSTRAINT queue_recipient_receipt_check;
