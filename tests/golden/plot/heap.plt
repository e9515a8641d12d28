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
set bmargin at screen 0.69000
set label "heap.pmt: wh…ython\047s allocator holds" at screen 0.26667,0.94000 left font ':Bold,13'
set label "pid 41: pyth…mode heap\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
set object rect from screen 0.26667,0.26833 to screen 0.30667,0.30167 front fs solid noborder fc rgb '#332288'
set label "901 KiB" at screen 0.52033,0.28500 right font ',9' tc rgb '#555555'
set label "used:…ks in use" at screen 0.54033,0.28500 left font ',9'
set object rect from screen 0.26667,0.21167 to screen 0.30667,0.24500 front fs solid noborder fc rgb '#88ccee'
set label "1.74 MiB" at screen 0.52033,0.22833 right font ',9' tc rgb '#555555'
set label "free:…ls in use" at screen 0.54033,0.22833 left font ',9'
set object rect from screen 0.26667,0.15500 to screen 0.30667,0.18833 front fs solid noborder fc rgb '#ddcc77'
set label "2.58 MiB" at screen 0.52033,0.17167 right font ',9' tc rgb '#555555'
set label "free:…ot in use" at screen 0.54033,0.17167 left font ',9'
set object rect from screen 0.26667,0.09833 to screen 0.30667,0.13167 front fs solid noborder fc rgb '#cc6677'
set label "5.02 MiB" at screen 0.52033,0.11500 right font ',9' tc rgb '#555555'
set label "lost:…alignment" at screen 0.54033,0.11500 left font ',9'
set label "figures besi…es are those at the end" at screen 0.26667,0.04000 left font ',8' tc rgb '#555555'
unset logscale x
set xrange [0:10.0000002]
set xtics autofreq
set xlabel 'seconds since recording began' offset 0,0.3
set format x '%g'
set ylabel "MiB" font ',9'
set yrange [0:10.73606]
set ytics 10
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "warm" at screen 0.43000,0.80167 left font ',9' tc rgb '#555555'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "reload" at screen 0.72400,0.80167 left font ',9' tc rgb '#555555'
plot 'chart.dat' index 0 using 1:5 with filledcurves x1 fs solid noborder lc rgb '#cc6677', \
     'chart.dat' index 0 using 1:4 with filledcurves x1 fs solid noborder lc rgb '#ddcc77', \
     'chart.dat' index 0 using 1:3 with filledcurves x1 fs solid noborder lc rgb '#88ccee', \
     'chart.dat' index 0 using 1:2 with filledcurves x1 fs solid noborder lc rgb '#332288', \
     'chart.dat' index 0 using 1:5 with lines lw 1 lc rgb '#333333'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.46333
set bmargin at screen 0.39667
set label "size clas…cks of their pools" at screen 0.26667,0.49333 left font ':Bold,9'
unset logscale x
set xrange [0:512]
set xtics autofreq
set format x '%g'
set xlabel "bytes of a block" offset 0,0.3
set ylabel "KiB" font ',9'
set yrange [0:186.7359]
set ytics 100
plot 'chart.dat' index 1 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#88ccee', \
     'chart.dat' index 1 using (($1+$2)/2):($4/2):1:2:(0):4 with boxxyerror fs transparent solid 0.6 noborder lc rgb '#332288'
unset arrow
unset label
unset object
unset multiplot
