-- Public folders stand in everybody's tree by their names: one of a name in an organisation, however it is written.
CREATE UNIQUE INDEX recipient_public_folder ON recipient (organisation_id, sort_name) WHERE kind = 'public-folder';
