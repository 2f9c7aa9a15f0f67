-- What is known of people is told by the company's directory, or, of who is internal, by administrators.

ALTER TABLE recipient_person ADD COLUMN initials text NOT NULL DEFAULT '';

-- The second wall below the organisation: written only of whom one reaches.
CREATE POLICY within_insert ON recipient_person AS RESTRICTIVE FOR INSERT TO chappe_app
    WITH CHECK ((SELECT chappe_within()) = '' OR chappe_reaches(recipient_id));
CREATE POLICY within_update ON recipient_person AS RESTRICTIVE FOR UPDATE TO chappe_app
    USING ((SELECT chappe_within()) = '' OR chappe_reaches(recipient_id));
CREATE POLICY within_delete ON recipient_person AS RESTRICTIVE FOR DELETE TO chappe_app
    USING ((SELECT chappe_within()) = '' OR chappe_reaches(recipient_id));

-- While a company directory cannot be asked, nobody says of an address in its domains that it does not exist; when that begins and ends,
-- those who remember answers are told.
GRANT UPDATE ON directory_stamp TO chappe_lookup;
