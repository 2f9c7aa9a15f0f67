import { errorWords, languages, Panel, switchLanguage, tellTrouble, useKitTexts, useLanguage } from '@chappe/kit'
import { Alert, Radio, Select, Stack, Switch, useMantineColorScheme } from '@mantine/core'
import { useState } from 'react'
import { CAPABILITIES } from '../../../jmap/client'
import { useMail } from '../../../jmap/mail'
import { PushSwitch } from '../../push/switch'
import { choose, UNDO_SECONDS, useChoices, type Choices } from '../../mail/choices'
import { setOwn } from '../set'
import { useGeneralTexts } from './texts'

const NAMES = { en: 'English', fr: 'Français' }
const THEMES = ['light', 'dark', 'auto'] as const
const PANES = ['right', 'below', 'off'] as const
const DENSITIES = ['comfortable', 'compact'] as const

/** A choice among few, all in sight. */
function Choice<T extends string>({ label, of, value, name, onChange }: { label: string; of: readonly T[]; value: T; name: (one: T) => string; onChange: (one: T) => void }) {
  return (
    <Radio.Group
      label={label}
      value={value}
      onChange={(word) => {
        const one = of.find((o) => o === word)
        if (one) onChange(one)
      }}
    >
      <Stack gap={8} mt={6}>
        {of.map((o) => (
          <Radio key={o} value={o} label={name(o)} />
        ))}
      </Stack>
    </Radio.Group>
  )
}

function Notices() {
  const say = useGeneralTexts()
  const { notices } = useChoices()
  const [refused, setRefused] = useState(false)
  const toggle = async (on: boolean) => {
    const may = !on || (await Notification.requestPermission()) === 'granted'
    setRefused(!may)
    choose({ notices: on && may })
  }
  if (!('Notification' in window)) return null
  return (
    <>
      <Switch label={say('notices')} description={say('noticesLead')} checked={notices && Notification.permission === 'granted'} onChange={(e) => void toggle(e.currentTarget.checked)} />
      {refused && (
        <Alert color="yellow" role="alert">
          {say('noticesRefused')}
        </Alert>
      )}
    </>
  )
}

const UNDO = [0, UNDO_SECONDS, 10, 20, 30]

/** How long one can take back what was sent: the server's affair, so that it holds for whatever one writes with. */
function UndoSend() {
  const say = useGeneralTexts()
  const kit = useKitTexts()
  const { jmap } = useMail()
  const { undoSend } = useChoices()
  const now = undoSend ?? UNDO_SECONDS
  const change = async (seconds: number) => {
    try {
      await setOwn(jmap, 'Preferences', { update: { singleton: { undoSend: seconds } } })
      choose({ undoSend: seconds })
    } catch (cause) {
      tellTrouble(say('undo'), errorWords(cause, kit))
    }
  }
  if (!(CAPABILITIES.owner in jmap.session.capabilities)) return null
  return (
    <Select
      label={say('undo')}
      description={say('undoLead')}
      data={[...new Set([...UNDO, now])].sort((a, b) => a - b).map((n) => ({ value: String(n), label: n === 0 ? say('undoNone') : say('undoSeconds', { count: n }) }))}
      value={String(now)}
      onChange={(word) => word !== null && void change(Number(word))}
      allowDeselect={false}
      maw={380}
    />
  )
}

export default function GeneralPage() {
  const say = useGeneralTexts()
  const language = useLanguage()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const now = useChoices()
  const toggle = (name: { [K in keyof Choices]: Choices[K] extends boolean ? K : never }[keyof Choices]) => ({
    checked: now[name],
    onChange: (e: { currentTarget: { checked: boolean } }) => choose({ [name]: e.currentTarget.checked }),
  })
  return (
    <>
      <Panel title={say('look')}>
        <Stack gap="lg">
          <Select
            label={say('language')}
            data={languages.map((l) => ({ value: l, label: NAMES[l] }))}
            value={language}
            onChange={(word) => {
              const one = languages.find((l) => l === word)
              if (one) switchLanguage(one)
            }}
            allowDeselect={false}
            maw={280}
          />
          <Choice label={say('theme')} of={THEMES} value={colorScheme} name={(t) => say(`theme.${t}`)} onChange={setColorScheme} />
          <Choice label={say('pane')} of={PANES} value={now.pane} name={(p) => say(`pane.${p}`)} onChange={(pane) => choose({ pane })} />
          <Choice label={say('density')} of={DENSITIES} value={now.density} name={(d) => say(`density.${d}`)} onChange={(density) => choose({ density })} />
        </Stack>
      </Panel>
      <Panel title={say('list')}>
        <Stack gap="sm">
          <Switch label={say('conversations')} {...toggle('conversations')} />
          <Switch label={say('sections')} {...toggle('sections')} />
        </Stack>
      </Panel>
      <Panel title={say('sending')}>
        <UndoSend />
      </Panel>
      <Panel title={say('behaviour')}>
        <Stack gap="sm">
          <Notices />
          <PushSwitch />
          <Switch label={say('keys')} description={say('keysLead')} {...toggle('keys')} />
        </Stack>
      </Panel>
    </>
  )
}
