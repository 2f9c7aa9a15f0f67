import type { Address, Email } from '../../jmap/wire'
import { nameOf, participants, shortName } from './people'
import type { useMailTexts } from './texts'

/** What a row says of a message, or of the conversation in which it stands. */
export interface RowWords {
  people: Address[]
  names: string
  subject: string
  isUnread: boolean
  isFlagged: boolean
  hasFiles: boolean
}

/** `all`: the messages of the row, oldest first. `isSent`: in a folder of what one has sent. */
export function wordsOfRow(email: Email, all: readonly Email[], isSent: boolean, say: typeof useMailTexts.say): RowWords {
  const people = isSent || email.keywords['$draft'] ? (email.to ?? []) : participants(all)
  return {
    people,
    names: people.length > 1 ? people.map(shortName).join(', ') : people[0] ? nameOf(people[0]) : say('nobody'),
    subject: email.subject?.trim() || say('noSubject'),
    isUnread: all.some((e) => !e.keywords['$seen']),
    isFlagged: all.some((e) => e.keywords['$flagged']),
    hasFiles: all.some((e) => e.hasAttachment),
  }
}
