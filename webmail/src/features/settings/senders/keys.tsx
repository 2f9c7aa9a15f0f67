// Keys of OpenPGP that are trusted, each for the mail of one address.
import { Answered, ErrorPanel, Foreign, Panel } from '@chappe/kit'
import { IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, FileButton, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { useMail } from '../../../jmap/mail'
import formClasses from '../form.module.css'
import { isSender } from '../rules/model'
import { make, ownQuery, remove } from '../security/data'
import securityClasses from '../security/security.module.css'
import { useSenderTexts } from './texts'

const key = z.object({ id: z.string(), address: z.string(), fingerprint: z.string() })
const FILE_MAX = 256 * 1024

export function SenderKeys() {
  const say = useSenderTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const found = useQuery(ownQuery(jmap, 'OpenPgpKey', key))
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
      await queries.invalidateQueries({ queryKey: ownQuery(jmap, 'OpenPgpKey', key).queryKey })
      await queries.invalidateQueries({ queryKey: ['verdict', jmap.ownAccount] })
    }
  }
  const add = async (file: File | null) => {
    const address = text.trim().toLowerCase()
    const wrong = !isSender(address) || address.startsWith('@') ? say('key.wrong') : file && file.size > FILE_MAX ? say('key.large') : undefined
    setFault(wrong)
    if (!wrong && file) await act(async () => make(jmap, 'OpenPgpKey', { address, key: await file.text() }, z.looseObject({})))
  }
  return (
    <Panel title={say('keys')}>
      <Text size="sm" c="dimmed">
        {say('keysLead')}
      </Text>
      <div className={formClasses.line}>
        <TextInput className={formClasses.grow} aria-label={say('key.address')} placeholder={say('key.hint')} value={text} error={fault} onChange={(e) => setText(e.currentTarget.value)} mt={10} />
        <FileButton onChange={(file) => void add(file)} accept=".asc,.txt,application/pgp-keys">
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
                <li key={k.id}>
                  <div className={securityClasses.what}>
                    <Foreign>{k.address}</Foreign>
                    <Text size="xs" c="dimmed">
                      {k.fingerprint.replace(/(.{4})(?=.)/g, '$1 ')}
                    </Text>
                  </div>
                  <ActionIcon variant="subtle" color="gray" onClick={() => void act(() => remove(jmap, 'OpenPgpKey', [k.id]))} aria-label={say('key.remove', { name: k.address })}>
                    <IconX size={16} />
                  </ActionIcon>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  )
}
