reset
set encoding utf8
set terminal pngcairo noenhanced size 300,300 font 'Sans,10' background rgb 'white'
set output 'chart.png'
set multiplot
unset key
unset colorbox
set border 3 lc rgb '#808080'
set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'
set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.75667
set bmargin at screen 0.66167
set label "live.pmt: live blocks by site" at screen 0.26667,0.94000 left font ':Bold,13'
set label "pid 41: pyth…ode alloc\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
set object rect from screen 0.26667,0.26833 to screen 0.30667,0.30167 front fs solid noborder fc rgb '#332288'
set label "990.7 KiB in 32" at screen 0.70433,0.28500 right font ',9' tc rgb '#555555'
set label "dec…code" at screen 0.72433,0.28500 left font ',9'
set object rect from screen 0.26667,0.21167 to screen 0.30667,0.24500 front fs solid noborder fc rgb '#88ccee'
set label "363.3 KiB in 124" at screen 0.70433,0.22833 right font ',9' tc rgb '#555555'
set label "app…load" at screen 0.72433,0.22833 left font ',9'
set object rect from screen 0.26667,0.15500 to screen 0.30667,0.18833 front fs solid noborder fc rgb '#44aa99'
set label "78.1 KiB in 2" at screen 0.70433,0.17167 right font ',9' tc rgb '#555555'
set label "app…_put" at screen 0.72433,0.17167 left font ',9'
set object rect from screen 0.26667,0.09833 to screen 0.30667,0.13167 front fs solid noborder fc rgb '#117733'
set label "780 B in 1" at screen 0.70433,0.11500 right font ',9' tc rgb '#555555'
set label "app…main" at screen 0.72433,0.11500 left font ',9'
set label "peak 1.4 MiB in 153 blocks at 9.56 s" at screen 0.26667,0.04000 left font ',8' tc rgb '#555555'
unset logscale x
set xrange [0:10.0000002]
set xtics autofreq
unset xlabel
set format x ''
set ylabel "MiB" font ',9'
set yrange [0:1.448464]
set ytics 1
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "warm" at screen 0.43000,0.80167 left font ',9' tc rgb '#555555'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "reload" at screen 0.72400,0.80167 left font ',9' tc rgb '#555555'
plot 'chart.dat' index 0 using 1:5 with filledcurves x1 fs solid noborder lc rgb '#117733', \
     'chart.dat' index 0 using 1:4 with filledcurves x1 fs solid noborder lc rgb '#44aa99', \
     'chart.dat' index 0 using 1:3 with filledcurves x1 fs solid noborder lc rgb '#88ccee', \
     'chart.dat' index 0 using 1:2 with filledcurves x1 fs solid noborder lc rgb '#332288', \
     'chart.dat' index 0 using 1:5 with lines lw 1 lc rgb '#333333'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.57500
set bmargin at screen 0.48000
unset logscale x
set xrange [0:10.0000002]
set xtics autofreq
set xlabel 'seconds since recording began' offset 0,0.3
set format x '%g'
set ylabel "blocks" font ',9'
set yrange [0:164.85]
set ytics 100
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
plot 'chart.dat' index 1 using 1:5 with filledcurves x1 fs solid noborder lc rgb '#117733', \
     'chart.dat' index 1 using 1:4 with filledcurves x1 fs solid noborder lc rgb '#44aa99', \
     'chart.dat' index 1 using 1:3 with filledcurves x1 fs solid noborder lc rgb '#88ccee', \
     'chart.dat' index 1 using 1:2 with filledcurves x1 fs solid noborder lc rgb '#332288', \
     'chart.dat' index 1 using 1:5 with lines lw 1 lc rgb '#333333'
unset arrow
unset label
unset object
unset multiplot
