import { Facts, Foreign, Panel, wordOf } from '@chappe/kit'
import { Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { domainsQuery } from '../domains/data'
import { setDirectory, type Source, type Which } from './data'
import classes from './directories.module.css'
import { Fields } from './fields'
import { changesOf, draftOf, groups, optionsOf, settingsOf, type Draft, type Group, type Setting } from './settings'
import { useTexts } from './texts'
import { WouldPanel } from './would-panel'

/** What a setting is, for people. */
export function shown(of: Setting, value: unknown, say: ReturnType<typeof useTexts>): ReactNode {
  if (value === true || value === false) return of.kind === 'switch' ? say(value ? 'yes' : 'no') : say(value ? 'isSet' : 'unset')
  if (of.kind === 'choice') return wordOf(say, of.field, String(value))
  if (of.kind === 'several') return (value as string[]).map((word) => wordOf(say, of.field, word)).join(', ')
  if (of.kind === 'pem') return say(value === '' ? 'unset' : 'isSet')
  const text = Array.isArray(value) ? value.join('\n') : String(value as string | number)
  return text === '' ? say(of.field.endsWith('_filter') && of.group === 'reading' ? 'asUsual' : 'unset') : <Foreign>{text}</Foreign>
}

const filtersOf = ({ usual }: Source) => ({ user_filter: usual.user_filter, contact_filter: usual.contact_filter, group_filter: usual.group_filter })

export function Edit({ group, which, known, onClose, onRenamed }: { group: Group; which: Which; known: Source; onClose: () => void; onRenamed?: (name: string) => void }) {
  const say = useTexts()
  const change = useChange()
  const before = draftOf(known)
  const domains = useQuery(domainsQuery(which.organisation)).data ?? []
  const [draft, setDraft] = useState<Draft>(before)
  const [name, setName] = useState(known.name)
  const [domain, setDomain] = useState(known.domain)
  const changes = changesOf(draft, before)
  if (name !== known.name) changes['name'] = name
  if (domain !== known.domain) changes['domain'] = domain
  const options = { org: which.organisation, ...optionsOf(changes), name: name !== known.name ? name : undefined, domain: domain !== known.domain ? domain : undefined }
  return (
    <FormDialog
      title={say(`group.${group}`)}
      action={say('save')}
      command={commandLine(['directory', 'set', which.name], options)}
      disabled={Object.keys(changes).length === 0}
      onClose={onClose}
      onSubmit={async () => {
        await change(() => setDirectory(which, changes), [['directories']], say('saved'))
        if (name === known.name) return undefined
        onRenamed?.(name)
        return 'left'
      }}
    >
      {group === 'server' && (
        <>
          <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <Select label={say('domain')} description={say('domainHelp')} clearable searchable data={domains.map((d) => d.name)} value={domain || null} onChange={(d) => setDomain(d ?? '')} />
        </>
      )}
      <Fields group={group} draft={draft} known={known} usual={filtersOf(known)} set={(more) => setDraft((d) => ({ ...d, ...more }))} />
      {group === 'writing' && <WouldPanel which={which} instead={changes} disabled={(draft['write_back'] as string[]).length === 0} />}
    </FormDialog>
  )
}

/** What the source is told, in the groups in which it is changed. `dialog`: the group that is being changed. */
export function SettingsTab({ which, known, mayWrite, dialog, onDialog, onRenamed }: { which: Which; known: Source; mayWrite: boolean; dialog: string | undefined; onDialog: (group: string | undefined) => void; onRenamed: (name: string) => void }) {
  const say = useTexts()
  const draft = draftOf(known)
  const edited = groups.find((g) => g === dialog)
  return (
    <>
      <div className={classes.two}>
        {groups.filter((g) => g !== 'writing').map((group) => (
          <Panel
            key={group}
            title={say(`group.${group}`)}
            actions={
              mayWrite && (
                <Button size="compact-sm" variant="default" aria-label={`${say('edit')}: ${say(`group.${group}`)}`} onClick={() => onDialog(group)}>
                  {say('edit')}
                </Button>
              )
            }
          >
            <Facts
              rows={settingsOf(group)
                .filter((s) => !s.when || s.when(draft))
                .map((s) => [wordOf(say, 'f', s.field), shown(s, known[s.field] ?? s.standard, say)])}
            />
          </Panel>
        ))}
      </div>
      <Command line={commandLine(['directory', 'show', which.name], { org: which.organisation })} />
      {edited && <Edit group={edited} which={which} known={known} onClose={() => onDialog(undefined)} onRenamed={onRenamed} />}
    </>
  )
}
