import { errorWords, tellDone, tellTrouble, useKitTexts } from '@chappe/kit'
import { useRef, useState, type DragEvent, type ReactNode } from 'react'
import type { AccountStore } from '../../jmap/store'
import { importAnswer, type Mailbox } from '../../jmap/wire'
import { useFolderName } from '../folders/names'
import { useActionTexts } from './action-texts'
import classes from './list.module.css'
import type { Place } from './place'

export const hasFiles = (e: DragEvent) => e.dataTransfer.types.includes('Files')

/** Puts messages that stand in files into a folder. */
export function useImport(): (store: AccountStore, to: Mailbox, files: Iterable<File>) => Promise<void> {
  const say = useActionTexts()
  const kit = useKitTexts()
  const nameOf = useFolderName()
  return async (store, to, files) => {
    let count = 0
    for (const file of files) {
      try {
        const { blobId } = await store.jmap.upload(store.accountId, file.slice(0, file.size, 'message/rfc822'))
        const emails = { m: { blobId, mailboxIds: { [to.id]: true }, keywords: { $seen: true } } }
        const answer = await store.jmap.call('Email/import', { accountId: store.accountId, emails }, importAnswer)
        if (answer.created?.['m']) count++
        else tellTrouble(say('notImported', { name: file.name }), answer.notCreated?.['m']?.description ?? '')
      } catch (cause) {
        tellTrouble(say('notImported', { name: file.name }), errorWords(cause, kit))
      }
    }
    if (count > 0) tellDone(say('imported', { count, folder: nameOf(to) }))
    await store.sync()
  }
}

/** The list as a place where files of messages can be dropped. */
export function ImportHere({ place, children }: { place: Place; children: ReactNode }) {
  const say = useActionTexts()
  const nameOf = useFolderName()
  const take = useImport()
  const [over, setOver] = useState(false)
  const depth = useRef(0)
  const { store, mailbox } = place
  const may = mailbox?.myRights.mayAddItems === true
  const move = (by: number) => (e: DragEvent) => {
    if (!may || !hasFiles(e)) return
    e.preventDefault()
    depth.current = Math.max(0, depth.current + by)
    setOver(depth.current > 0)
  }
  const drop = (e: DragEvent) => {
    if (!may || !mailbox || !hasFiles(e)) return
    e.preventDefault()
    depth.current = 0
    setOver(false)
    void take(store, mailbox, e.dataTransfer.files)
  }
  return (
    <div className={classes.drop} onDragEnter={move(1)} onDragLeave={move(-1)} onDragOver={move(0)} onDrop={drop}>
      {children}
      {over && mailbox && <div className={classes.dropHere}>{say('dropHere', { folder: nameOf(mailbox) })}</div>}
    </div>
  )
}
