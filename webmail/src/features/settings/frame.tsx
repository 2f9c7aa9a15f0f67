import { Boundary } from '@chappe/kit'
import { IconArrowLeft } from '@chappe/kit/icons'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { NotFound } from '../../app/not-found'
import { useMail } from '../../jmap/mail'
import classes from './frame.module.css'
import { useSettingsLinkTexts } from './link-texts'
import { PAGES } from './pages'
import { useSettingsTexts } from './texts'

/** The list of pages beside the one that is looked at; on a narrow screen one or the other. */
export function SettingsFrame() {
  const say = useSettingsTexts()
  const sayLink = useSettingsLinkTexts()
  const { page: name } = useParams({ strict: false })
  const { jmap } = useMail()
  const pages = PAGES.filter((p) => !p.needs || p.needs in jmap.session.capabilities)
  const page = name === undefined ? pages[0] : pages.find((p) => p.name === name)
  const title = page ? say(`page.${page.name}`) : sayLink('settings')
  useEffect(() => {
    document.title = `${title} – Chappe`
  }, [title])
  if (!page) return <NotFound />
  return (
    <div className={classes.frame} data-index={name === undefined || undefined}>
      <nav className={classes.nav} aria-label={say('pages')}>
        <h2>{sayLink('settings')}</h2>
        <ul>
          {pages.map(({ name: to, icon: Icon }) => (
            <li key={to}>
              <Link to="/settings/$page" params={{ page: to }} className={classes.link} aria-current={to === page.name ? 'page' : undefined}>
                <Icon size={18} aria-hidden />
                {say(`page.${to}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={classes.page}>
        <div className={classes.body}>
          <Link to="/settings" className={classes.back}>
            <IconArrowLeft size={16} aria-hidden />
            {say('back')}
          </Link>
          <header>
            <h1>{title}</h1>
            <p>{say(`lead.${page.name}`)}</p>
          </header>
          <Boundary place={page.name}>
            <page.Body key={page.name} />
          </Boundary>
        </div>
      </div>
    </div>
  )
}
