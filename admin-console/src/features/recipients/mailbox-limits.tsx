import { ErrorPanel, Panel, parseBytes, wordOf } from '@chappe/kit'
import { Button, Group, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useMay } from '../../app/session'
import type { UserDetails } from './data'
import classes from './mailbox.module.css'
import { RuleFields, ruleChanges, rulesOf } from './rule-fields'
import { useOneTexts } from './texts-one'

/** Who may write, how much, where it goes on to, and in which language the server writes. */
export function LimitsTab({ user }: { user: UserDetails }) {
  const say = useOneTexts()
  const change = useChange()
  const mayWrite = useMay('recipient.write')
  const before = rulesOf(user)
  const [rules, setRules] = useState(before)
  const [forward, setForward] = useState(user.forward ?? [])
  const [keep, setKeep] = useState(user.keep_copy ?? false)
  const [language, setLanguage] = useState(user.language ?? '')
  const [undo, setUndo] = useState(user.undo_send != null ? String(user.undo_send) : '')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const { body, options } = ruleChanges(before, rules)
  if (forward.join() !== (user.forward ?? []).join() || keep !== (user.keep_copy ?? false)) {
    body['forward'] = forward
    body['keep_copy'] = keep
    options['forward'] = forward.join(',')
    options['keep-copy'] = keep
  }
  if (language !== (user.language ?? '')) options['language'] = body['language'] = language
  if (undo !== (user.undo_send != null ? String(user.undo_send) : '')) options['undo-send'] = body['undo_send'] = undo.trim()
  const isChanged = Object.keys(body).length > 0
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await change(() => api.patch(path`/users/${user.address}`, body), [['users']], say('saved'))
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(e) => void submit(e)}>
      <fieldset disabled={!mayWrite} className={classes.plain}>
        <div className={classes.two}>
          <Panel title={say('accepts')}>
            <RuleFields value={rules} onChange={setRules} />
          </Panel>
          <Panel title={say('tab.limits')}>
            <Stack gap="sm">
              <TagsInput label={say('forward')} description={say('sendersHelp')} value={forward} onChange={setForward} splitChars={[',', ' ', ';']} acceptValueOnBlur />
              <Switch label={say('keepCopy')} checked={keep} disabled={forward.length === 0} onChange={(e) => setKeep(e.currentTarget.checked)} />
              <Select label={say('language')} allowDeselect={false} data={[{ value: '', label: say('language.') }, { value: 'auto', label: say('language.auto') }, { value: 'en', label: 'English' }, { value: 'fr', label: 'Français' }]} value={language} onChange={(l) => setLanguage(l ?? '')} />
              <TextInput label={say('undoSend')} placeholder={wordOf(say, 'language', '')} inputMode="numeric" value={undo} onChange={(e) => setUndo(e.currentTarget.value.replace(/\D/g, ''))} />
              {isChanged && <Command line={commandLine(['user', 'set', user.address], options)} />}
              {error !== null && <ErrorPanel error={error} />}
              {mayWrite && (
                <Group justify="flex-end">
                  <Button type="submit" loading={busy} disabled={!isChanged || parseBytes(rules.maxMessage) === null}>
                    {say('save')}
                  </Button>
                </Group>
              )}
            </Stack>
          </Panel>
        </div>
      </fieldset>
    </form>
  )
}
