import { Confirm, ErrorPanel, Foreign, Panel, Status, tellDone, useKitTexts } from '@chappe/kit'
import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import formClasses from '../form.module.css'
import { useSettingsTexts } from '../texts'
import { activate, check, removeScript, useScriptChange, writeOther, type Script } from './data'
import classes from './scripts.module.css'
import { useRuleTexts } from './texts'

/** A script as text. What is saved is correct: the server refuses everything else. */
function ScriptDialog({ script, onClose }: { script: Script; onClose: () => void }) {
  const say = useRuleTexts()
  const common = useSettingsTexts()
  const kit = useKitTexts()
  const { jmap } = useMail()
  const change = useScriptChange()
  const [text, setText] = useState(script.text)
  const [verdict, setVerdict] = useState<{ of: string; fault: string | null } | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [removing, setRemoving] = useState(false)
  const [busy, setBusy] = useState(false)
  const act = async (what: () => Promise<void>) => {
    setError(null)
    setBusy(true)
    try {
      await what()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  const judge = async () => {
    const fault = await check(jmap, text)
    setVerdict({ of: text, fault })
    return fault === null
  }
  const save = async () => {
    if (!(await judge())) return
    await change((j) => writeOther(j, { ...script, text }))
    tellDone(common('saved'))
    onClose()
  }
  const toggle = async () => {
    await change((j) => activate(j, script.isActive ? null : script.id))
    onClose()
  }
  if (removing)
    return (
      <Confirm title={say('removeScript', { name: script.name })} action={say('remove')} onDone={onClose} onAct={() => change((j) => removeScript(j, script))}>
        {say('removeScriptLead')}
      </Confirm>
    )
  const shown = verdict?.of === text ? verdict : null
  return (
    <Modal opened onClose={onClose} title={<Foreign>{script.name}</Foreign>} size={820} closeOnClickOutside={text === script.text} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack>
        <Textarea label={say('text')} value={text} onChange={(e) => setText(e.currentTarget.value)} autosize minRows={8} maxRows={22} classNames={{ input: classes.code ?? '' }} spellCheck={false} />
        {shown &&
          (shown.fault === null ? (
            <Alert color="green" role="status">
              {say('good')}
            </Alert>
          ) : (
            <Alert color="red" role="alert" title={say('bad')}>
              {shown.fault}
            </Alert>
          ))}
        {error !== null && <ErrorPanel error={error} />}
        <Group justify="space-between">
          <Group gap="xs">
            <Button variant="subtle" color="red" onClick={() => setRemoving(true)}>
              {say('remove')}
            </Button>
            <Button variant="default" loading={busy} onClick={() => void act(toggle)}>
              {say(script.isActive ? 'rest' : 'run')}
            </Button>
          </Group>
          <Group gap="xs">
            <Button variant="default" loading={busy} onClick={() => void act(async () => void (await judge()))}>
              {say('check')}
            </Button>
            <Button disabled={text === script.text} loading={busy} onClick={() => void act(save)}>
              {common('save')}
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  )
}

/** Scripts that are no rules of ours. */
export function ScriptList({ scripts }: { scripts: readonly Script[] }) {
  const say = useRuleTexts()
  const [open, setOpen] = useState<string | null>(null)
  const shown = scripts.find((s) => s.id === open)
  if (scripts.length === 0) return null
  return (
    <Panel title={say('others')} flush>
      <Text size="sm" c="dimmed" px={16} pt={4} pb={10}>
        {say('othersLead')}
      </Text>
      <ul className={formClasses.rows}>
        {scripts.map((s) => (
          <li key={s.id} className={formClasses.line}>
            <span className={formClasses.grow}>
              <Foreign>{s.name}</Foreign>
            </span>
            <Status health={s.isActive ? 'good' : 'none'}>{say(s.isActive ? 'running' : 'resting')}</Status>
            <Button variant="default" size="compact-sm" onClick={() => setOpen(s.id)}>
              {say('show', { name: s.name })}
            </Button>
          </li>
        ))}
      </ul>
      {shown && <ScriptDialog script={shown} onClose={() => setOpen(null)} />}
    </Panel>
  )
}
