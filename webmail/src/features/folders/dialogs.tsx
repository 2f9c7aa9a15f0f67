import { Confirm, ErrorPanel, useKitTexts } from '@chappe/kit'
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { AccountStore } from '../../jmap/store'
import type { Mailbox } from '../../jmap/wire'
import { accountName } from '../mail/place'
import MoveDialog from './move'
import { useFolderTexts } from './texts'

export type FolderDialog = 'add' | 'rename' | 'move' | 'empty' | 'remove'
interface Props {
  store: AccountStore
  /** null: the top level of the account. */
  mailbox: Mailbox | null
  name: string
  dialog: FolderDialog
  onClose: () => void
}

/** Whether `inner` is `outer` or somewhere in it. */
function isWithin(store: AccountStore, inner: Mailbox, outer: Mailbox): boolean {
  let at: Mailbox | undefined = inner
  for (let depth = 0; at && depth < 30; depth++) {
    if (at.id === outer.id) return true
    at = at.parentId ? store.mailboxes.get(at.parentId) : undefined
  }
  return false
}

function NameDialog({ title, initial, action, onSave, onClose }: { title: string; initial: string; action: string; onSave: (name: string) => Promise<unknown>; onClose: () => void }) {
  const say = useFolderTexts()
  const kit = useKitTexts()
  const [text, setText] = useState(initial)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const save = async (e: FormEvent) => {
    e.preventDefault()
    e.stopPropagation()
    setBusy(true)
    setError(null)
    try {
      await onSave(text.trim())
      onClose()
    } catch (cause) {
      setError(cause)
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': kit('close') }}>
      <form onSubmit={(e) => void save(e)}>
        <Stack>
          <TextInput label={say('name')} value={text} onChange={(e) => setText(e.currentTarget.value)} required maxLength={255} data-autofocus />
          {error !== null && <ErrorPanel error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {kit('cancel')}
            </Button>
            <Button type="submit" loading={busy} disabled={text.trim() === ''}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

/** The dialogs of the folders' menus. */
export default function FolderDialogs({ store, mailbox, name, dialog, onClose }: Props) {
  const say = useFolderTexts()
  const navigate = useNavigate()
  const account = accountName(store)
  const leave = () => void navigate({ to: '/mail/$account/$folder', params: { account: 'me', folder: 'inbox' } })
  if (dialog === 'add' || !mailbox) {
    const add = async (text: string) => {
      const id = await store.setFolder({ create: { name: text, parentId: mailbox?.id ?? null, isSubscribed: true } })
      if (id) void navigate({ to: '/mail/$account/$folder', params: { account, folder: id } })
    }
    return <NameDialog title={say(mailbox ? 'addIn' : 'add')} initial="" action={say('create')} onSave={add} onClose={onClose} />
  }
  const { id, totalEmails } = mailbox
  if (dialog === 'rename') return <NameDialog title={say('rename')} initial={mailbox.name} action={say('save')} onSave={(text) => store.setFolder({ update: [id, { name: text }] })} onClose={onClose} />
  if (dialog === 'move')
    return (
      <MoveDialog
        title={say('moveTitle', { name })}
        top={mailbox.parentId ? say('toTop') : undefined}
        only={(m, at) => at === store && m.myRights.mayCreateChild && !isWithin(store, m, mailbox) && m.id !== mailbox.parentId}
        onChoose={(to) => store.setFolder({ update: [id, { parentId: to?.id ?? null }] }).then(onClose)}
        onClose={onClose}
      />
    )
  if (dialog === 'empty')
    return (
      <Confirm title={say('emptyTitle', { name })} action={say('empty')} onDone={onClose} onAct={() => store.empty(id)}>
        {say('emptyLead', { count: totalEmails })}
      </Confirm>
    )
  return (
    <Confirm
      title={say('removeTitle', { name })}
      action={say('remove')}
      onDone={onClose}
      onAct={async () => {
        await store.setFolder({ destroy: id })
        leave()
      }}
    >
      {say('removeLead', { count: totalEmails })}
    </Confirm>
  )
}
