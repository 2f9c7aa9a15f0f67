// A program that somebody might write with the library jmap-jam: reads, files, searches, sends, and uses our own capability.
//     node jmap_library.mjs SESSION_URL TOKEN ADDRESS
import assert from "node:assert/strict";
import JamClient from "jmap-jam";

const [sessionUrl, bearerToken, address] = process.argv.slice(2);
const ours = "urn:chappe:params:jmap:account";
const jam = new JamClient({ sessionUrl, bearerToken, customCapabilities: { SenderRule: ours, Preferences: ours } });
const accountId = await jam.getPrimaryAccount();
const session = await jam.session;
assert.equal(session.username, address);

const [{ list: mailboxes }] = await jam.api.Mailbox.get({ accountId });
const box = (role) => mailboxes.find((one) => one.role === role).id;

// a draft of an uploaded file
const text = new Blob([`From: ${address}\r\nTo: ${address}\r\nSubject: written by a library\r\n\r\nGrüße, déjà vu\r\n`], { type: "message/rfc822" });
const upload = await jam.uploadBlob(accountId, text);
const [imported] = await jam.api.Email.import({ accountId, emails: { a: { blobId: upload.blobId, mailboxIds: { [box("drafts")]: true } } } });
const emailId = imported.created.a.id;

// several calls in one request, one with what the other gave
const [{ found, emails, threads }] = await jam.requestMany((t) => {
  const found = t.Email.query({ accountId, filter: { text: "deja" }, sort: [{ property: "receivedAt", isAscending: false }], limit: 10 });
  const emails = t.Email.get({ accountId, ids: found.$ref("/ids"), properties: ["subject", "threadId", "mailboxIds", "bodyValues"], fetchTextBodyValues: true });
  const threads = t.Thread.get({ accountId, ids: emails.$ref("/list/*/threadId") });
  return { found, emails, threads };
});
assert.deepEqual(found.ids, [emailId]);
assert.equal(emails.list[0].subject, "written by a library");
assert.deepEqual(threads.list[0].emailIds, [emailId]);
assert.match(Object.values(emails.list[0].bodyValues)[0].value, /Grüße, déjà vu/);

// what it looks like where it was found
const [{ list: snippets }] = await jam.api.SearchSnippet.get({ accountId, filter: { text: "deja" }, emailIds: [emailId] });
assert.match(snippets[0].preview, /<mark>déjà<\/mark>/);

// sent, and moved when it was
const [{ list: identities }] = await jam.api.Identity.get({ accountId });
const [{ created }] = await jam.api.EmailSubmission.set({
  accountId, create: { s: { emailId, identityId: identities[0].id } },
  onSuccessUpdateEmail: { "#s": { [`mailboxIds/${box("drafts")}`]: null, [`mailboxIds/${box("sent")}`]: true } },
});
assert.ok(created.s.id);
for (let turn = 0; ; turn++) {
  const [{ ids }] = await jam.api.Email.query({ accountId, filter: { inMailbox: box("inbox"), subject: "written by a library" } });
  if (ids.length === 1) break;
  assert.ok(turn < 200, "what was sent came");
  await new Promise((done) => setTimeout(done, 100));
}

const [{ list: sent }] = await jam.api.EmailSubmission.get({ accountId, ids: [created.s.id] });
assert.equal(sent[0].deliveryStatus[address].delivered, "yes");
assert.match(sent[0].deliveryStatus[address].smtpReply, /^250 /);

// what changed since the library first looked
const [changes] = await jam.api.Email.changes({ accountId, sinceState: imported.oldState });
assert.ok(changes.created.length >= 2 && !changes.hasMoreChanges);

// a file comes as it was
const file = await jam.downloadBlob({ accountId, blobId: upload.blobId, mimeType: "text/plain", fileName: "a.eml" });
assert.equal(await file.text(), await text.text());

// errors are the protocol's
await assert.rejects(jam.api.Email.query({ accountId: "nobody" }), { type: "accountNotFound" });
await assert.rejects(jam.api.Email.query({ accountId, filter: { colour: "red" } }), { type: "unsupportedFilter" });

// our own types are as the others
const [rules] = await jam.api.SenderRule.set({ accountId, create: { a: { sender: "@elsewhere.example", action: "block" } } });
const [{ list }] = await jam.api.SenderRule.get({ accountId });
assert.equal(list[0].sender, "@elsewhere.example");
await jam.api.SenderRule.set({ accountId, destroy: [rules.created.a.id] });
await jam.api.Preferences.set({ accountId, update: { singleton: { "client/theme": "dark" } } });
const [preferences] = await jam.api.Preferences.get({ accountId });
assert.deepEqual(preferences.list[0].client, { theme: "dark" });
console.log("done");
