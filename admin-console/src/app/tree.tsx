import { Foreign } from '@chappe/kit'
import { IconChevronDown, IconChevronRight, type Icon } from '@chappe/kit/icons'
import { useQuery } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { organisationsQuery } from '../features/organisations/data'
import { places, type Place } from './places'
import { may, mayEverywhere, useSession } from './session'
import { useAppTexts } from './texts'
import classes from './tree.module.css'

const SHOWN = 40

function Node({ label, name, icon: Icon, children, link, open: initially }: { label: ReactNode; name: string; icon?: Icon | undefined; children?: ReactNode; link: LinkProps; open?: boolean }) {
  const say = useAppTexts()
  const [open, setOpen] = useState(initially ?? false)
  return (
    <li>
      <div className={classes.node}>
        {children ? (
          <button type="button" className={classes.twist} aria-expanded={open} aria-label={say(open ? 'tree.shut' : 'tree.open', { name })} onClick={() => setOpen(!open)}>
            {open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          </button>
        ) : (
          <span className={classes.twist} />
        )}
        <Link {...link} className={classes.link} activeProps={{ 'data-here': true, 'aria-current': 'page' }} activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}>
          {Icon && <Icon size={17} aria-hidden stroke={1.7} />}
          <span>{label}</span>
        </Link>
      </div>
      {children && open && <ul className={classes.list}>{children}</ul>}
    </li>
  )
}

/** What hangs below one organisation. */
function Organisation({ name }: { name: string }) {
  const say = useAppTexts()
  const session = useSession()
  return (
    <Node name={name} label={<Foreign>{name}</Foreign>} link={{ to: '/organisations/$name', params: { name } }}>
      {may(session, 'recipient.read') && (
        <>
          <Node name={say('tree.mailboxes')} label={say('tree.mailboxes')} link={{ to: '/recipients', search: { organisation: name } }} />
          <Node name={say('tree.groups')} label={say('tree.groups')} link={{ to: '/recipients/groups', search: { organisation: name } }} />
          <Node name={say('tree.contacts')} label={say('tree.contacts')} link={{ to: '/recipients/contacts', search: { organisation: name } }} />
        </>
      )}
      {may(session, 'domain.read') && <Node name={say('tree.domains')} label={say('tree.domains')} link={{ to: '/domains', search: { organisation: name } }} />}
    </Node>
  )
}

function Organisations({ place }: { place: Place }) {
  const say = useAppTexts()
  const all = useQuery(organisationsQuery).data ?? []
  return (
    <Node name={say(place.text)} label={say(place.text)} icon={place.icon} link={place.link} open>
      {all.slice(0, SHOWN).map((o) => (
        <Organisation key={o.name} name={o.name} />
      ))}
      {all.length > SHOWN && <Node name={say('tree.more', { count: all.length })} label={say('tree.more', { count: all.length })} link={place.link} />}
    </Node>
  )
}

/** The Exchange tree, as far as this administrator sees it. */
export function Tree() {
  const say = useAppTexts()
  const session = useSession()
  const seen = (p: Place) => !p.needs || (p.everywhere ? mayEverywhere(session, p.needs) : may(session, p.needs))
  return (
    <ul className={classes.list}>
      {places.filter(seen).map((p) =>
        p.text === 'tree.organisations' ? (
          <Organisations key={p.text} place={p} />
        ) : (
          <Node key={p.text} name={say(p.text)} label={say(p.text)} icon={p.icon} link={p.link}>
            {p.below?.filter(seen).map((b) => (
              <Node key={b.text} name={say(b.text)} label={say(b.text)} link={b.link} />
            ))}
          </Node>
        ),
      )}
    </ul>
  )
}
