// Where features meet without importing each other: who wants a message written says so here, and the feature that writes
// messages has said that it can.
import { useSyncExternalStore, type ComponentType } from 'react'
import type { AccountStore } from '../jmap/store'
import type { Address, Mailbox } from '../jmap/wire'

export type ComposeIntent =
  | { kind: 'new'; to?: Address[]; subject?: string; text?: string }
  | { kind: 'reply' | 'replyAll' | 'draft' | 'again'; accountId: string; emailId: string }
  /** `asFile`: attached as a whole. */
  | { kind: 'forward'; accountId: string; emailId: string; asFile?: boolean }

let compose: ((intent: ComposeIntent) => void) | null = null
const told = new Set<() => void>()

export function plugCompose(open: (intent: ComposeIntent) => void): void {
  compose = open
  told.forEach((tell) => tell())
}
/** null where nothing writes messages. */
export function useCompose(): ((intent: ComposeIntent) => void) | null {
  return useSyncExternalStore(
    (tell) => {
      told.add(tell)
      return () => told.delete(tell)
    },
    () => compose,
  )
}
export const composeNow = () => compose

/** What stands over every page (windows in which one writes, ...): drawn by the shell, in this order. */
export const overlays: ComponentType[] = []
/** Lines of a folder's menu. */
export const folderLinks: ComponentType<{ store: AccountStore; mailbox: Mailbox }>[] = []
/** Lines of the account menu above "log out". */
export const accountLinks: ComponentType[] = []
