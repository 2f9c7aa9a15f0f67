// Keys of OpenPGP that are trusted, each for the mail of one address.
import { Answered, ErrorPanel, Foreign, Panel } from '@chappe/kit'
import { Button, FileButton, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { useStore } from '../../../jmap/mail'
import type { AccountStore } from '../../../jmap/store'
import { getOf, setAnswer } from '../../../jmap/wire'
import { grouped } from '../../message/sender/grouped'
import formClasses from '../form.module.css'
import { Removable } from '../removable'
import { isSender } from '../rules/model'
import securityClasses from '../security/security.module.css'
import { accepted } from '../set'
import { useSenderTexts } from './texts'

const key = z.object({ id: z.string(), address: z.string(), fingerprint: z.string() })
const FILE_MAX = 256 * 1024

/** Of the own account, and of each shared mailbox whose keys one may keep. */
export function SenderKeys({ store }: { store: AccountStore }) {
  useStore(store)
  return store.keepsKeys ? <Keys store={store} /> : null
}

function Keys({ store }: { store: AccountStore }) {
  const say = useSenderTexts()
  const { jmap, accountId } = store
  const queries = useQueryClient()
  const queryKey = ['own', accountId, 'OpenPgpKey']
  const found = useQuery({ queryKey, queryFn: async ({ signal }) => (await jmap.call('OpenPgpKey/get', { accountId, ids: null }, getOf(key), signal)).list })
  const [text, setText] = useState('')
  const [fault, setFault] = useState<string>()
  const [error, setError] = useState<unknown>(null)
  const act = async (what: () => Promise<unknown>) => {
    setError(null)
    try {
      await what()
      setText('')
    } catch (cause) {
      setError(cause)
    } finally {
      await queries.invalidateQueries({ queryKey })
      await queries.invalidateQueries({ queryKey: ['verdict', accountId] })
    }
  }
  const set = async (args: Record<string, unknown>) => accepted(await jmap.call('OpenPgpKey/set', { accountId, ...args }, setAnswer))
  const add = async (file: File | null) => {
    const address = text.trim().toLowerCase()
    const wrong = !isSender(address) || address.startsWith('@') ? say('key.wrong') : file && file.size > FILE_MAX ? say('key.large') : undefined
    setFault(wrong)
    if (!wrong && file) await act(async () => set({ create: { one: { address, blobId: (await jmap.upload(accountId, file)).blobId } } }))
  }
  return (
    <Panel title={store.isOwn ? say('keys') : say('keysOf', { name: store.account?.name ?? '' })}>
      <Text size="sm" c="dimmed">
        {say('keysLead')}
      </Text>
      <div className={formClasses.line}>
        <TextInput className={formClasses.grow} aria-label={say('key.address')} placeholder={say('key.hint')} value={text} error={fault} onChange={(e) => setText(e.currentTarget.value)} mt={10} />
        <FileButton onChange={(file) => void add(file)} accept=".asc,.gpg,.pgp,.key,.txt,application/pgp-keys">
          {(props) => (
            <Button {...props} variant="default" mt={10} disabled={text.trim() === ''}>
              {say('key.file')}
            </Button>
          )}
        </FileButton>
      </div>
      {error !== null && <ErrorPanel error={error} />}
      <Answered of={found}>
        {(all) =>
          all.length === 0 ? (
            <Text size="sm" mt={12}>
              {say('key.none')}
            </Text>
          ) : (
            <ul className={securityClasses.rows}>
              {all.map((k) => (
                <Removable key={k.id} label={say('key.remove', { name: k.address })} onRemove={() => void act(() => set({ destroy: [k.id] }))}>
                  <Foreign>{k.address}</Foreign>
                  <Text size="xs" c="dimmed">
                    {grouped(k.fingerprint)}
                  </Text>
                </Removable>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  )
}
