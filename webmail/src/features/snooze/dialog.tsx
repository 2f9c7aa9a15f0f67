import { defineTexts, useFormat, useKitTexts } from '@chappe/kit'
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import classes from './dialog.module.css'
import { laterTimes, utc } from './times'

const useTexts = defineTexts('snooze', {
  en: {
    title: 'Bring it back',
    lead: 'Until then it lies in the folder “Later”, and comes back unread.',
    evening: 'This evening',
    tomorrow: 'Tomorrow morning',
    weekend: 'At the weekend',
    week: 'Next week',
    at: 'At another time',
    past: 'That time has passed.',
    set: 'Set',
  },
  fr: {
    title: 'Faire revenir',
    lead: 'D’ici là il reste dans le dossier « Plus tard », et revient non lu.',
    evening: 'Ce soir',
    tomorrow: 'Demain matin',
    weekend: 'Ce week-end',
    week: 'La semaine prochaine',
    at: 'À un autre moment',
    past: 'Ce moment est passé.',
    set: 'Fixer',
  },
})

/** Asks when a message comes back. */
export default function SnoozeDialog({ onChoose, onClose }: { onChoose: (until: string) => void; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const [text, setText] = useState('')
  const own = text ? new Date(text) : null
  const isPast = own !== null && !(own.getTime() > Date.now())
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (own && !isPast) onChoose(utc(own))
  }
  return (
    <Modal opened onClose={onClose} title={say('title')} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack>
        <p className={classes.lead}>{say('lead')}</p>
        <ul className={classes.times}>
          {laterTimes(new Date()).map(([name, time], i) => (
            <li key={name}>
              <button type="button" data-autofocus={i === 0 || undefined} onClick={() => onChoose(utc(time))}>
                <span>{say(name)}</span>
                <time>{format.dateTime(time.toISOString())}</time>
              </button>
            </li>
          ))}
        </ul>
        <form onSubmit={submit}>
          <Group align="flex-end" wrap="nowrap">
            <TextInput type="datetime-local" label={say('at')} value={text} error={isPast ? say('past') : undefined} onChange={(e) => setText(e.currentTarget.value)} />
            <Button type="submit" disabled={!own || isPast}>
              {say('set')}
            </Button>
          </Group>
        </form>
      </Stack>
    </Modal>
  )
}
