"""Which sources of traffic are search engines, social networks, video sites, assistants and review sites.

Facts, as of November 2025: Google's published list of source categories, with the engines, networks and assistants
that Matomo's lists add. Hosts under a listed one are left out where `channels.category_of` looks above them.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SEARCH = _words(
    """
    360.cn aim.search.aol.com alice alicesuche.aol.de alicesuchet.aol.de aol aolbusqueda.aol.com.mx aolimages.aol.fr
    aolrecherche.aol.fr aolrecherches.aol.fr aolsearch.aol.co.uk aolsearch.aol.com ask ask.com auone avg babylon baidu
    biglobe biglobe.co.jp biglobe.ne.jp bing bing.com brisbane.t-online.de cc.bingj.com centrum.cz cn.bing.com cnn
    coccoc.com comcast conduit daum daum.net de.aolsearch.com dogpile dogpile.com duckduckgo duckduckgo.com ecosia.org
    email.seznam.cz english.sogou.com eniro exalead.com excite.com find.web.aol.com firmy.cz freespoke.com
    global.bing.com globo go.mail.ru google google-play google.com haosou.com incredimail kagi.com kvasir
    lens.google.com lite.qwant.com lycos m.baidu.com m.naver.com m.search.naver.com m.so.com m.sogou.com m.suche.web.de
    mail.rambler.ru mail.yandex.ru meta.rrzn.uni-hannover.de metager.de mojeek.com msn msn.com najdi naver naver.com
    navigationshilfe.t-online.de news.google.com ntp.msn.com o2suche.aol.de oceanhero.today onet onet.pl play.google.com
    presearch.com qwant qwant.com r.duckduckgo.com rakuten rakuten.co.jp rambler rambler.ru recherche.aol.ca
    recherche.aol.fr search-intl.netscape.com search-results search.aol.co.uk search.aol.com search.aol.it
    search.brave.com search.google.com search.hp.my.aol.com.au search.hp.my.aol.de search.hp.my.aol.it search.lilo.org
    search.naver.com search.seznam.cz search.smt.docomo.ne.jp search.ukr.net search.yahoo.com secureurl.ukr.net seznam
    seznam.cz so.360.cn so.com sogou sogou.com sou.com sp-web.search.auone.jp startpage.com startsiden startsiden.no
    stract.com suche.aol.de suche.aolsvc.de suche.t-online.de suche.web.de sucheaol.aol.de suchet2.aol.de swisscows.com
    terra tut.by ukr virgilio wap.sogou.com webmaster.yandex.ru websearch.rakuten.co.jp ya.ru yahoo yahoo.co.jp
    yahoo.com yandex yandex.by yandex.com yandex.com.tr yandex.fr yandex.kz yandex.ru yandex.ua yandex.uz yep.com
    zen.yandex.ru
    """
)
"""Engines by name and by host."""

SOCIAL = _words(
    """
    43things 43things.com 51.com 5ch.net academia.edu activerain activerain.com activeworlds activeworlds.com addthis
    addthis.com airg.ca allnurses.com allrecipes.com alumniclass alumniclass.com ameba.jp ameblo.jp americantowns
    americantowns.com ancestry.com anobii anobii.com answerbag answerbag.com answers.yahoo.com aolanswers aolanswers.com
    artstation.com askubuntu askubuntu.com asmallworld.com athlinks athlinks.com awe.sm b.hatena.ne.jp baby-gaga
    baby-gaga.com babyblog.ru badoo badoo.com bebo bebo.com beforeitsnews beforeitsnews.com bharatstudent
    bharatstudent.com biip.no bilibili.com biswap.org bit.ly bitcoinhackers.org blackcareernetwork.com blackplanet
    blackplanet.com blip.fm blog.com blog.feedspot.com blog.goo.ne.jp blog.naver.com blog.yahoo.co.jp blogg.no
    bloggang.com blogger blogger.com blogher blogher.com bloglines bloglines.com blogs.com blogsome blogsome.com
    blogspot blogspot.com blogster blogster.com blurtit blurtit.com bookmarks.yahoo.co.jp bookmarks.yahoo.com
    botsin.space brightkite brightkite.com brizzly brizzly.com bsky.app buzzfeed buzzfeed.com buzznet buzznet.com c.im
    cafe.naver.com cafemom cafemom.com camospace camospace.com canalblog.com care.com care2 care2.com caringbridge.org
    catster catster.com cbnt.io cellufun cellufun.com centerblog.net channels.weixin.qq.com chaos.social chat.zalo.me
    chegg.com chicagonow chicagonow.com chiebukuro.yahoo.co.jp classmates classmates.com classquest classquest.com
    cocolog-nifty cocolog-nifty.com com.google.android.apps.plus com.reddit.frontpage com.snapchat.android
    copainsdavant.linternaute.com couchsurfing.org cozycot cozycot.com cross.tv crunchyroll crunchyroll.com cybre.space
    cyworld cyworld.com d.hatena.ne.jp dailystrength.org deluxe.com deviantart deviantart.com dianping dianping.com digg
    digg.com diigo diigo.com discord.com discord.gg discordapp.com disqus disqus.com dogster dogster.com dol2day
    dol2day.com doostang doostang.com dopplr dopplr.com douban douban.com douyin.com douyu.com draugiem.lv dribbble.com
    drugs-forum drugs-forum.com dzone dzone.com edublogs.org elftown elftown.com epicurious.com everforo.com exblog.jp
    extole extole.com facebook facebook.com faceparty faceparty.com fandom.com fanpop fanpop.com fark fark.com fb fb.me
    fc2 fc2.com feedspot feministing feministing.com fetlife.com filmaffinity filmaffinity.com flickr flickr.com
    flipboard flipboard.com flixster.com folkdirect folkdirect.com foodservice foodservice.com forums.androidcentral.com
    forums.crackberry.com forums.imore.com forums.nexopia.com forums.webosnation.com forums.wpcentral.com fosstodon.org
    fotki fotki.com fotolog fotolog.com foursquare foursquare.com friendfeed friendfeed.com friends.nico
    friendsreunited.com friendster.com front-end.social fruehstueckstreff.org fubar fubar.com gaiaonline gaiaonline.com
    gamerdna gamerdna.com gate.sc gather.com geni.com getpocket.com github.com glassboard glassboard.com glassdoor
    glassdoor.com godtube godtube.com goldenline.pl goldstar goldstar.com goo.gl gooblog goodreads goodreads.com google+
    googlegroups.com googleplus govloop govloop.com gowalla gowalla.com graphics.social gree.jp groups.google.com
    gulli.com gutefrage.net habbo habbo.com hachyderm.io hatena hi5 hi5.com hootsuite hootsuite.com houzz houzz.com
    hoverspot hoverspot.com hr.com hubculture hubculture.com hubpages.com huya.com hyves.net hyves.nl ibibo ibibo.com
    identi.ca ig imageshack imageshack.com imageshack.us imvu imvu.com indieweb.social insanejournal insanejournal.com
    instagram instagram.com instapaper instapaper.com internations.org interpals.net intherooms intherooms.com
    irc-galleria.net is.gd italki italki.com jammerdirect jammerdirect.com jappy.com jappy.de kaboodle.com kakao
    kakao.com kakaocorp.com kaneva kaneva.com kin.naver.com knzk.me lang-8.com last.fm lastfm.com.br lastfm.com.tr
    lastfm.de lastfm.es lastfm.fr lastfm.it lastfm.jp lastfm.pl lastfm.ru lastfm.se librarything librarything.com
    lifestream.aol.com line line.me linkedin linkedin.android linkedin.com listal listal.com listography listography.com
    livedoor.com livedoorblog livejournal livejournal.com livejournal.ru lnkd.in mamot.fr mas.to masto.ai mastodon.art
    mastodon.at mastodon.cloud mastodon.eus mastodon.jalgi.eus mastodon.nz mastodon.online mastodon.scot mastodon.social
    mastodon.technology mastodon.world mastodon.xyz mastodonapp.uk mastodont.cat mbga.jp medium.com meetin.org meetup
    meetup.com meinvz.net meneame.net menuism.com messages.google.com messages.yahoo.co.jp messenger messenger.com
    metapixl.com missevan.com mix.com mixi.jp mocospace mocospace.com moikrug.ru mouthshut mouthshut.com movabletype
    movabletype.com mp.weixin.qq.com mstdn.io mstdn.jp mstdn.party mstdn.social mubi mubi.com multiply.com my.mail.ru
    my.opera.com myanimelist.net myheritage myheritage.com mylife mylife.com mylife.ru mymodernmet mymodernmet.com
    myspace myspace.com myyearbook.com netlog.com netvibes netvibes.com news.ycombinator.com newsie.social newsshowcase
    nexopia ngopost.org niconico nicovideo.jp nightlifelink nightlifelink.com ning ning.com nk.pl odnoklassniki.ru
    odnoklassniki.ua ohai.social okwave.jp oneworldgroup.org onstartups onstartups.com open.weixin.qq.com opendiary
    opendiary.com org.joinmastodon.android org.telegram.messenger orkut.com oshiete.goo.ne.jp over-blog.com overblog.com
    paper.li partyflock.nl pawoo.net peepeth.com photobucket photobucket.com pinboard pinboard.in pingsta pingsta.com
    pinterest pinterest.at pinterest.ca pinterest.ch pinterest.cl pinterest.co.kr pinterest.co.uk pinterest.com
    pinterest.com.au pinterest.com.mx pinterest.de pinterest.dk pinterest.es pinterest.fr pinterest.ie pinterest.info
    pinterest.it pinterest.jp pinterest.nz pinterest.ph pinterest.pt pinterest.ru pinterest.se pix.toot.wales
    pixelfed.de pixelfed.social pixelfed.uno pixey.org pixiv.net plaxo.com playahead.se plurk plurk.com plus.google.com
    pocket.co posterous posterous.com pro.homeadvisor.com pulse.yahoo.com pxlmo.com qapacity qapacity.com quechup
    quechup.com quey.org quora quora.com qzone.qq.com ravelry ravelry.com reddit reddit.com redux redux.com renren
    renren.com researchgate.net reunion reunion.com reverbnation reverbnation.com ro-mastodon.puyo.jp rtl.de ryze
    ryze.com salespider salespider.com scoop.it screenrant screenrant.com scribd scribd.com scvngr scvngr.com secondlife
    secondlife.com serverfault serverfault.com sfba.social shareit sharethis sharethis.com shvoong.com sites.google.com
    skyfeed.app skype skyrock skyrock.com slashdot.org slideshare.net smartnews.com snapchat snapchat.com social
    social.tchncs.de social.vivaldi.net sociallife.com.br socialvibe socialvibe.com sonico.com soundcloud.com
    sourceforge.net spaces.live.com spoke spoke.com spruz spruz.com ssense.com stackapps stackapps.com stackexchange
    stackexchange.com stackoverflow stackoverflow.com stardoll.com stickam stickam.com studivz.net stumbleupon.com
    suomi24.fi superuser superuser.com sweeva sweeva.com t.cn t.co t.me t.umblr.com tagged tagged.com taggedmail
    taggedmail.com talkbiznow talkbiznow.com taringa.net techmeme techmeme.com tencent tencent.com threads.com
    threads.net tiktok tiktok.com tinyurl tinyurl.com tkm.eus toolbox toolbox.com toot.community travellerspoint
    travellerspoint.com tripadvisor tripadvisor.com trombi trombi.com trustpilot tudou tudou.com tuenti tuenti.com
    tumblr tumblr.com tweetdeck tweetdeck.com twitcasting.tv twitter twitter.com twoo.com typepad typepad.com
    typo.social unblog.fr universeodon.com urbanspoon.com url.google.com ushareit.com ushi.cn v2ex.com vampirefreaks
    vampirefreaks.com vampirerave vampirerave.com vg.no viadeo.com video.ibm.com vis.social vk.com vkontakte.ru
    vkrugudruzei.ru wakoopa wakoopa.com wattpad wattpad.com wayn.com web.skype.com web.telegram.org webshots
    webshots.com wechat wechat.com weebly weebly.com weeworld.com weibo weibo.com wer-weiss-was.de weread weread.com
    whatsapp whatsapp.com wiki.answers.com wikihow.com wikitravel.org woot.com wordpress wordpress.com wordpress.org
    workplace.com x.com xanga xanga.com xing xing.com yahoo-mbga.jp yammer yammer.com yelp yelp.co.uk yelp.com
    youroom.in zalo zoo.gr zooppa zooppa.com
    """
)
"""Networks by name, host and app."""

VIDEO = _words(
    """
    crackle crackle.com curiositystream curiositystream.com d.tube dailymotion dailymotion.com disneyplus disneyplus.com
    fast.wistia.net hulu hulu.com iq.com iqiyi iqiyi.com justin.tv netflix netflix.com ted ted.com twitch twitch.tv
    utreon utreon.com veoh veoh.com viadeo.journaldunet.com vimeo vimeo.com wistia wistia.com youku youku.com youtu.be
    youtube youtube.com
    """
)
"""Video sites by name and by host."""

AI_ASSISTANTS = _words(
    """
    ai.baidu.com app.jasper.ai app.writesonic.com bard.google.com chat-gpt.org chat.deepseek.com chat.mistral.ai
    chat.openai.com chat.qwen.ai chatglm.cn chatgpt chatgpt.com chatplus.com claude.ai copilot.microsoft.com duck.ai
    gemini.google.com grok.com iask.ai labs.openai.com meta.ai notebooklm.google.com perplexity.ai yiyan.baidu.com
    you.com
    """
)
"""Assistants by host, and by the name one of them gives itself."""

REVIEW_SITES = _words(
    """
    capterra capterra.com featuredcustomers.com g2 g2.com g2crowd.com gartner.com getapp.com omr.com producthunt.com
    saasworthy.com softwareadvice.com softwaresuggest.com trustpilot trustpilot.com trustradius trustradius.com
    """
)
"""Where buyers of software compare it."""
