import { DARK_CHARTS } from '../theme.js';

/**
 * The page's style sheet: the reader's own fonts, one column. Wide content scrolls by itself and says so: where the browser can
 * know whether there is more (scroll-driven animations), exactly then; elsewhere, on every small screen.
 */
export const STYLE = `
:root{--ink:#1f2731;--muted:#5b6470;--line:#dde1e6;--soft:#f4f6f8;--page:#fff;--accent:#0072b2;color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer{max-width:1080px;margin:0 auto;padding:0 24px}
header{padding-top:48px}
h1{font-size:30px;line-height:1.2;letter-spacing:-.015em;margin:4px 0 8px;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;letter-spacing:-.01em;margin:56px 0 6px}
h3{font-size:14px;margin:0 0 6px;overflow-wrap:anywhere}
h3 small{font-weight:400;color:var(--muted);font-size:13px;margin-left:6px}
p{margin:0 0 12px;max-width:72ch}
.kind{color:var(--accent);font-weight:600;font-size:13px;letter-spacing:.06em;text-transform:uppercase;margin:0}
.lead{color:var(--muted);font-size:17px}
.about,.note{color:var(--muted);font-size:14px}
pre{background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:12px 16px;margin:16px 0;font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
pre span{display:inline-block;max-width:100%}
.sound{border-left:4px solid #009e73;padding:2px 0 2px 12px;margin:16px 0;font-size:15px}
.unsound{border-left-color:#d55e00;font-weight:600}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:12px 32px;margin:20px 0 0;font-size:14px}
.facts dt{color:var(--muted);font-size:12px}
.facts .wide{grid-column:1/-1}
.facts dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
.scroll::before{content:"Scroll sideways for more \\2192";position:sticky;left:0;display:none;width:max-content;padding:2px 8px;border-radius:4px;background:var(--soft);color:var(--ink);font-size:12px}
@media (max-width:760px){.scroll::before{display:block}}
@supports (animation-timeline:scroll()){
@keyframes more{from,to{--more:block}}
.scroll{animation:more linear;animation-timeline:scroll(self inline)}
.scroll::before{display:var(--more,none)}
}
.chart svg{display:block;max-width:100%;height:auto;overflow:visible}
.chart text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}
.scroll>.chart svg{min-width:720px}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:24px 40px;margin-top:20px}
.panel{min-width:0}
.panel .chart svg{width:100%}
.scroll+h3{margin-top:24px}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;margin-top:12px}
th,td{padding:6px 14px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{vertical-align:bottom;font-weight:600;border-bottom:1px solid var(--muted);min-width:84px}
tbody th{font-weight:400}
table.wide th,table.wide td{padding-right:32px}
.wide thead th{min-width:140px}
.wide tbody th{white-space:nowrap}
td small{display:block;color:var(--muted);font-size:12px;white-space:nowrap}
.verdict{color:var(--muted);white-space:nowrap}
.figures tbody th:first-child,.figures thead td:first-child,.shares th:first-child{position:sticky;left:0;background:var(--page);min-width:170px}
.figures td,.figures thead th{padding-right:24px}
.figures .group th{font-weight:600;padding-top:20px;border-bottom-color:var(--muted)}
.figures .group span{position:sticky;left:0}
.shares td{text-align:right;background:color-mix(in srgb,var(--accent) calc(var(--share,0%)*.75),transparent);padding:6px 12px}
.shares thead th:not(:first-child){text-align:right;padding:6px 12px}
.shares tbody th{white-space:nowrap;padding-right:20px}
.shares .price{color:var(--muted);background:none;font-weight:400;font-size:12px}.shares span.price{display:inline-block;width:120px}
footer{color:var(--muted);font-size:13px;padding-top:40px;padding-bottom:56px}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
@media screen and (prefers-color-scheme:dark){
:root{--ink:#e4e7eb;--muted:#9aa5b1;--line:#343b45;--soft:#1c2229;--page:#14181d;--accent:#4aa8e0;color-scheme:dark}
${DARK_CHARTS}
}
@media (max-width:600px){header{padding-top:28px}.shares tbody th{white-space:normal;overflow-wrap:anywhere}.figures tbody th:first-child,.shares th:first-child{min-width:110px}h1{font-size:24px}main,header,footer{padding-left:16px;padding-right:16px}}
@media print{
@page{margin:14mm}
body{font-size:11pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main,header,footer{max-width:none;padding:0}
h2{margin-top:28px}h2,h3,.about{break-after:avoid}
.scroll{overflow:visible}.scroll::before{display:none!important}.scroll>.chart svg{min-width:0}
.panel,tr,.chart{break-inside:avoid}table{font-size:8.5pt}
th,td,.figures td,.figures thead th{padding-right:8px}thead th{min-width:0!important}td small{white-space:normal;font-size:7pt}
}
`;
