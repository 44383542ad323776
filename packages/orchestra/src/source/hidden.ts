/** What to do about a table of which row policies may hide rows from Orchestra. */
export const hiddenHint =
  "Let Orchestra's role see all rows: ALTER ROLE ... BYPASSRLS, or let it own the table without FORCE ROW LEVEL SECURITY; a policy for the role does not help"
