import { Answered, Foreign, Page, Panel, wordOf } from '@chappe/kit'
import { Badge, Button, PasswordInput, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import { useMay } from '../../app/session'
import { domainsQuery } from '../domains/data'
import list from '../recipients/list.module.css'
import { settingsQuery, type FilterSetting } from './data'
import classes from './filter.module.css'
import { filtersRoute } from './routes'
import { groups, rows, type Group } from './settings-table'
import { useSettingTexts } from './settings-texts'
import { useTexts } from './texts'

interface Where {
  organisation: string | undefined
  domain: string | undefined
}

function Edit({ of, organisation, domain, onClose }: Where & { of: FilterSetting; onClose: () => void }) {
  const say = useTexts()
  const words = useSettingTexts()
  const change = useChange()
  const row = rows[of.name]
  const [value, setValue] = useState(row?.secret ? '' : of.value)
  const level = domain ? 'domain' : organisation ? 'organisation' : 'installation'
  const where = { ...(organisation && { organisation }), ...(domain && { domain }) }
  const options = { org: organisation, domain }
  const save = (body: object, done: string) => change(() => api.patch('/filter', { name: of.name, ...where, ...body }), [['filter']], done)
  const label = wordOf(words, 'label', of.name)
  const common = { label: say('value'), description: wordOf(words, 'help', of.name) === of.name ? of.meaning : wordOf(words, 'help', of.name), 'data-autofocus': true }
  return (
    <FormDialog
      title={label}
      action={say('save')}
      command={commandLine(['filter', 'set', of.name, row?.secret && value ? '…' : value || "''"], options)}
      onClose={onClose}
      onSubmit={() => save({ value }, say('saved'))}
      back={
        of.from === level && (
          <Button
            variant="subtle"
            onClick={() =>
              void save({}, say('unsetDone')).then(onClose, () => undefined)
            }
          >
            {say(`unset.${level}`)}
          </Button>
        )
      }
    >
      {row?.choices ? (
        <Select {...common} allowDeselect={false} data={row.choices.map((c) => ({ value: c, label: wordOf(words, 'choice', c) }))} value={value} onChange={(v) => setValue(v ?? of.value)} />
      ) : row?.secret ? (
        <PasswordInput {...common} autoComplete="new-password" value={value} onChange={(e) => setValue(e.currentTarget.value)} />
      ) : (
        <TextInput {...common} spellCheck={false} value={value} onChange={(e) => setValue(e.currentTarget.value)} />
      )}
    </FormDialog>
  )
}

function Settings({ group, all, onEdit }: { group: Group; all: FilterSetting[]; onEdit: ((name: string) => void) | undefined }) {
  const say = useTexts()
  const words = useSettingTexts()
  const own = all.filter((s) => (rows[s.name]?.group ?? 'other') === group)
  if (own.length === 0) return null
  return (
    <Panel title={say(`group.${group}`)}>
      <ul className={classes.settings}>
        {own.map((s) => {
          const shown = rows[s.name]?.choices ? wordOf(words, 'choice', s.value) : s.value
          return (
            <li key={s.name}>
              <div>
                {wordOf(words, 'label', s.name)}
                <small>{wordOf(words, 'help', s.name) === s.name ? s.meaning : wordOf(words, 'help', s.name)}</small>
              </div>
              <div className={classes.value}>
                {shown === '' ? <small>{say('empty')}</small> : <Foreign>{shown}</Foreign>}{' '}
                {s.from !== 'default' && (
                  <Badge size="xs" variant="light" tt="none">
                    {say(`from.${s.from as 'installation'}`)}
                  </Badge>
                )}
              </div>
              {onEdit ? (
                <Button size="compact-sm" variant="default" aria-label={`${say('change')}: ${wordOf(words, 'label', s.name)}`} onClick={() => onEdit(s.name)}>
                  {say('change')}
                </Button>
              ) : (
                <span />
              )}
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}

/** How mail is judged, for all, for an organisation, or for one of its domains. */
export function Filters() {
  const say = useTexts()
  const search = filtersRoute.useSearch()
  const navigate = useNavigate({ from: '/filters' })
  const mayWrite = useMay('policy.write')
  const of = useOrganisation(search.organisation, 'policy.read', true)
  const domains = useQuery({ ...domainsQuery(of.organisation), enabled: useMay('domain.read') && of.organisation !== undefined }).data ?? []
  const settings = useQuery(settingsQuery(of.organisation, search.domain))
  const open = settings.data?.find((s) => s.name === search.name)
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  return (
    <Page
      title={say('filters')}
      lead={say('filtersLead')}
      actions={
        <>
          <Button variant="default" renderRoot={(props) => <Link to="/filters/rules" search={{ organisation: of.organisation }} {...props} />}>
            {say('rules')}
          </Button>
          <Button variant="default" renderRoot={(props) => <Link to="/access" {...props} />}>
            {say('lists')}
          </Button>
        </>
      }
    >
      <div className={list.filters}>
        <OrganisationField of={of} onChange={(organisation) => set({ organisation, domain: undefined })} />
        {domains.length > 0 && <Select aria-label={say('domain')} placeholder={say('allDomains')} clearable searchable limit={60} data={domains.map((d) => d.name)} value={search.domain ?? null} onChange={(domain) => set({ domain: domain ?? undefined })} />}
      </div>
      <Answered of={settings} lines={12}>
        {(all) => (
          <>
            {groups.map((g) => (
              <Settings key={g} group={g} all={all} onEdit={mayWrite ? (name) => set({ name }) : undefined} />
            ))}
          </>
        )}
      </Answered>
      <Command line={commandLine(['filter', 'show'], { org: of.organisation, domain: search.domain })} />
      {open && <Edit key={open.name} of={open} organisation={of.organisation} domain={search.domain} onClose={() => set({ name: undefined })} />}
    </Page>
  )
}
